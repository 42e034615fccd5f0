import {
  Ban,
  EyeOff,
  Flag,
  Link2,
  MoreHorizontal,
  Shuffle,
  Sparkles,
  ThumbsDown,
  VolumeX,
} from "lucide-react";
import type { Post } from "../api/types";
import { useMe } from "../data/session";
import { asSomebody, useOverlays } from "../shell/overlays";
import { text } from "../text/en";
import { IconButton } from "../ui/Button";
import { Menu, MenuItem, MenuSeparator } from "../ui/Menu";
import { copy, shareUrl } from "./actions";
import { blockAuthor, hide, less, more, muteAuthor } from "./feedback";
import { remix } from "./remix";

/** What can be done with a card. Loaded when it is first opened, so that cards stay light. */
export default function CardMenu({ post, feedContext }: { post: Post; feedContext: string | null }) {
  const me = useMe();
  const own = me?.id === post.author.id;
  const name = post.author.username;
  return (
    <Menu
      defaultOpen
      trigger={
        <IconButton over label={text.post.menu}>
          <MoreHorizontal />
        </IconButton>
      }
    >
      <MenuItem icon={<Shuffle />} onSelect={() => remix(post)}>
        {text.post.remix}
      </MenuItem>
      <MenuItem icon={<Link2 />} onSelect={() => void copy(shareUrl(post), text.post.linkCopied)}>
        {text.post.copyLink}
      </MenuItem>
      {!own && (
        <>
          <MenuSeparator />
          <MenuItem icon={<Sparkles />} onSelect={() => asSomebody(() => void more(post, feedContext))}>
            {text.feed.more}
          </MenuItem>
          <MenuItem icon={<ThumbsDown />} onSelect={() => asSomebody(() => void less(post, feedContext))}>
            {text.feed.less}
          </MenuItem>
          <MenuItem icon={<EyeOff />} onSelect={() => asSomebody(() => hide(post, feedContext))}>
            {text.feed.hide}
          </MenuItem>
          <MenuSeparator />
          <MenuItem icon={<VolumeX />} onSelect={() => asSomebody(() => void muteAuthor(post.author))}>
            {text.feed.mute(name)}
          </MenuItem>
          <MenuItem icon={<Ban />} onSelect={() => asSomebody(() => void blockAuthor(post.author))}>
            {text.feed.block(name)}
          </MenuItem>
          <MenuItem
            danger
            icon={<Flag />}
            onSelect={() => asSomebody(() => useOverlays.setState({ report: { kind: "post", id: post.id } }))}
          >
            {text.feed.report}
          </MenuItem>
        </>
      )}
    </Menu>
  );
}
