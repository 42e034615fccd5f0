import { type ReactNode, useState } from "react";
import type { Picture as PictureFacts, Post } from "../api/types";
import { readyPictures, useGenerations } from "../data/generations";
import { type PostListSource, usePostList } from "../data/posts";
import { text } from "../text/en";
import { Choice } from "../ui/Choice";
import { Dialog } from "../ui/Dialog";
import { LoadMore } from "../ui/LoadMore";
import { Failure } from "../ui/Message";
import { PictureButton } from "../ui/PictureButton";
import { Spinner } from "../ui/Spinner";
import { useCreateDraft } from "./draft";
import styles from "./SourceDialog.module.css";

const SHELVES = ["own", "saved", "liked"] as const;
type Shelf = (typeof SHELVES)[number];

interface Candidate {
  picture: PictureFacts;
  aspect: string;
  remixOf?: Post;
}

/** The picture to start from: one of one's own, or one that was kept. */
export default function SourceDialog({ onClose }: { onClose: () => void }) {
  const [shelf, setShelf] = useState<Shelf>("own");

  function choose({ picture, aspect, remixOf }: Candidate) {
    useCreateDraft.setState({ source: picture, aspect, remixOf });
    onClose();
  }

  return (
    <Dialog open onClose={onClose} form="wide" title={text.source.title}>
      <div className={styles.shelves}>
        <Choice
          label={text.source.shelf}
          value={shelf}
          options={SHELVES.map((value) => ({ value, label: text.source.shelves[value] }))}
          onChange={setShelf}
        />
      </div>
      {shelf === "own" ? (
        <Own onChoose={choose} />
      ) : (
        <Kept key={shelf} kind={shelf === "saved" ? "bookmarks" : "likes"} onChoose={choose} />
      )}
    </Dialog>
  );
}

function Own({ onChoose }: { onChoose: (candidate: Candidate) => void }) {
  const list = useGenerations({ status: "ready" });
  const candidates = list.data?.pages.flatMap((page) =>
    page.items.flatMap((generation) =>
      readyPictures(generation).map((picture) => ({ picture, aspect: generation.aspect })),
    ),
  );
  return <Shelved list={list} candidates={candidates} empty={text.source.empty.own} onChoose={onChoose} />;
}

interface KeptProps {
  kind: Extract<PostListSource["kind"], "bookmarks" | "likes">;
  onChoose: (candidate: Candidate) => void;
}

function Kept({ kind, onChoose }: KeptProps) {
  const list = usePostList({ kind });
  const candidates = list.data?.pages.flatMap((page) =>
    page.items.flatMap((post) =>
      post.images.map((picture) => ({ picture, aspect: post.aspect, remixOf: post })),
    ),
  );
  const empty = kind === "likes" ? text.source.empty.liked : text.source.empty.saved;
  return <Shelved list={list} candidates={candidates} empty={empty} onChoose={onChoose} />;
}

interface ShelvedProps {
  list: Pick<
    ReturnType<typeof usePostList>,
    "isPending" | "isError" | "error" | "hasNextPage" | "isFetchingNextPage"
  > & { refetch: () => unknown; fetchNextPage: () => unknown };
  candidates: Candidate[] | undefined;
  empty: string;
  onChoose: (candidate: Candidate) => void;
}

function Shelved({ list, candidates, empty, onChoose }: ShelvedProps): ReactNode {
  if (list.isPending) return <Spinner />;
  if (list.isError && !candidates) return <Failure error={list.error} retry={() => void list.refetch()} />;
  if (!candidates?.length && !list.hasNextPage) return <p className={styles.empty}>{empty}</p>;
  return (
    <>
      <ul className={styles.grid}>
        {candidates?.map((candidate) => (
          <li key={`${candidate.remixOf?.id}/${candidate.picture.id}`}>
            <PictureButton
              picture={candidate.picture}
              label={text.source.pick(candidate.picture.alt)}
              onClick={() => onChoose(candidate)}
            />
          </li>
        ))}
      </ul>
      <LoadMore list={list} />
    </>
  );
}
