import { relate, useProfile } from "../data/people";
import { attempt } from "../feed/actions";
import { asSomebody } from "../shell/overlays";
import { text } from "../text/en";
import { Button } from "../ui/Button";

export function FollowButton({ username }: { username: string }) {
  const { data } = useProfile(username);
  const following = data?.relation?.following ?? false;
  return (
    <Button
      look={following ? "outline" : "quiet"}
      aria-pressed={following}
      onClick={() => asSomebody(() => void attempt(() => relate(username, "follow", !following)))}
    >
      {following ? text.post.following : text.post.follow}
    </Button>
  );
}
