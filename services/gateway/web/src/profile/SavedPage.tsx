import { Bookmark } from "lucide-react";
import { usePostList } from "../data/posts";
import { MasonrySkeleton } from "../feed/MasonrySkeleton";
import { PostGrid } from "../feed/PostGrid";
import { SignInWall } from "../shell/SignInWall";
import { text } from "../text/en";
import { Failure, Message } from "../ui/Message";
import { usePageTitle } from "../ui/usePageTitle";
import styles from "./SavedPage.module.css";

export function SavedPage() {
  usePageTitle(text.nav.saved);
  return (
    <SignInWall>
      <div className={styles.page}>
        <h1>{text.nav.saved}</h1>
        <Saved />
      </div>
    </SignInWall>
  );
}

function Saved() {
  const list = usePostList({ kind: "bookmarks" });
  if (list.isPending) return <MasonrySkeleton />;
  if (list.isError) return <Failure error={list.error} retry={() => void list.refetch()} />;
  if (list.data.pages[0]?.items.length === 0) {
    return (
      <Message icon={<Bookmark />} title={text.saved.title}>
        <p>{text.saved.text}</p>
      </Message>
    );
  }
  return <PostGrid label={text.nav.saved} list={list} />;
}
