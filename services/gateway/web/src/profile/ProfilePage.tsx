import { Ban, Flag, MoreHorizontal, VolumeX } from "lucide-react";
import { useState } from "react";
import { Link, useParams, useSearchParams } from "react-router";
import type { Profile } from "../api/types";
import { relate, useProfile } from "../data/people";
import { type PostListSource, usePostList } from "../data/posts";
import { useMe, useSession } from "../data/session";
import { attempt } from "../feed/actions";
import { MasonrySkeleton } from "../feed/MasonrySkeleton";
import { PostGrid } from "../feed/PostGrid";
import { asSomebody, openComposer, useOverlays } from "../shell/overlays";
import { text } from "../text/en";
import { date } from "../text/format";
import { Avatar } from "../ui/Avatar";
import { Button, buttonClass, IconButton } from "../ui/Button";
import { Menu, MenuItem } from "../ui/Menu";
import { Failure, Message } from "../ui/Message";
import { usePageTitle } from "../ui/usePageTitle";
import { FollowButton } from "./FollowButton";
import { PeopleDialog } from "./PeopleDialog";
import styles from "./ProfilePage.module.css";

export function ProfilePage() {
  const { username = "" } = useParams();
  const known = useSession((session) => session.state !== "unknown");
  const profile = useProfile(username, known);
  usePageTitle(profile.isError ? text.errors.notFoundTitle : profile.data?.display_name);
  if (profile.isError) return <Failure error={profile.error} retry={() => void profile.refetch()} />;
  if (!profile.data) return <MasonrySkeleton />;
  return <ProfileView key={profile.data.id} profile={profile.data} />;
}

function ProfileView({ profile }: { profile: Profile }) {
  const me = useMe();
  const [params, setParams] = useSearchParams();
  const [people, setPeople] = useState<"followers" | "following" | null>(null);
  const own = me?.id === profile.id;
  const tab = own && params.get("tab") === "likes" ? "likes" : "posts";
  const { counts, relation } = profile;
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <Avatar person={profile} size={104} />
        <div className={styles.about}>
          <h1>{profile.display_name}</h1>
          <p className={styles.handle}>
            @{profile.username}
            {relation?.followed_by && <span className={styles.chip}>{text.profile.followsYou}</span>}
          </p>
          {profile.bio && <p className={styles.bio}>{profile.bio}</p>}
          <ul className={styles.counts}>
            <li>{text.profile.counts.posts(counts.posts)}</li>
            <li>
              <button type="button" onClick={() => setPeople("followers")}>
                {text.profile.counts.followers(counts.followers)}
              </button>
            </li>
            <li>
              <button type="button" onClick={() => setPeople("following")}>
                {text.profile.counts.following(counts.following)}
              </button>
            </li>
            <li>{text.profile.since(date(profile.created_at))}</li>
          </ul>
        </div>
        <div className={styles.actions}>
          {own ? (
            <Link to="/settings" className={buttonClass("quiet")}>
              {text.profile.edit}
            </Link>
          ) : (
            <>
              {!relation?.blocking && <FollowButton username={profile.username} />}
              <PersonMenu profile={profile} />
            </>
          )}
        </div>
      </header>
      {relation && (relation.blocking || relation.muting) && <Distance profile={profile} />}
      {own && (
        <nav className={styles.tabs} aria-label={profile.display_name}>
          {(["posts", "likes"] as const).map((name) => (
            <button
              key={name}
              type="button"
              aria-current={tab === name ? "page" : undefined}
              onClick={() => setParams(name === "posts" ? {} : { tab: name }, { replace: true })}
            >
              {text.profile[name]}
            </button>
          ))}
        </nav>
      )}
      <Pictures
        key={tab}
        own={own}
        source={tab === "likes" ? { kind: "likes" } : { kind: "author", username: profile.username }}
      />
      {people && <PeopleDialog username={profile.username} which={people} onClose={() => setPeople(null)} />}
    </div>
  );
}

function Pictures({ own, source }: { own: boolean; source: PostListSource }) {
  const list = usePostList(source);
  if (list.isPending) return <MasonrySkeleton />;
  if (list.isError) return <Failure error={list.error} retry={() => void list.refetch()} />;
  if (list.data.pages[0]?.items.length === 0) {
    return (
      <Message
        title={text.profile.empty}
        action={
          own && (
            <Button look="primary" onClick={() => openComposer()}>
              {text.nav.create}
            </Button>
          )
        }
      >
        {own && <p>{source.kind === "likes" ? text.profile.emptyLikes : text.profile.emptyOwn}</p>}
      </Message>
    );
  }
  return <PostGrid label={source.kind === "likes" ? text.profile.likes : text.profile.posts} list={list} />;
}

/** Says that one has muted or blocked this person, with the way back. */
function Distance({ profile }: { profile: Profile }) {
  const blocking = profile.relation?.blocking;
  const kind = blocking ? "block" : "mute";
  return (
    <p className={styles.distance}>
      {blocking ? text.profile.blocked : text.profile.muted}
      <Button size="s" onClick={() => void attempt(() => relate(profile.username, kind, false))}>
        {blocking ? text.profile.unblock : text.profile.unmute}
      </Button>
    </p>
  );
}

function PersonMenu({ profile }: { profile: Profile }) {
  const name = profile.username;
  return (
    <Menu
      trigger={
        <IconButton label={text.profile.menu}>
          <MoreHorizontal />
        </IconButton>
      }
    >
      <MenuItem
        icon={<VolumeX />}
        onSelect={() => asSomebody(() => void attempt(() => relate(name, "mute", !profile.relation?.muting)))}
      >
        {profile.relation?.muting ? text.profile.unmute : text.feed.mute(name)}
      </MenuItem>
      <MenuItem
        icon={<Ban />}
        onSelect={() =>
          asSomebody(() => void attempt(() => relate(name, "block", !profile.relation?.blocking)))
        }
      >
        {profile.relation?.blocking ? text.profile.unblock : text.feed.block(name)}
      </MenuItem>
      <MenuItem
        danger
        icon={<Flag />}
        onSelect={() => asSomebody(() => useOverlays.setState({ report: { kind: "user", id: profile.id } }))}
      >
        {text.feed.report}
      </MenuItem>
    </Menu>
  );
}
