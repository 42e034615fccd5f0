import { Link } from "react-router";
import { usePeople } from "../data/people";
import { text } from "../text/en";
import { Avatar } from "../ui/Avatar";
import { Dialog } from "../ui/Dialog";
import { LoadMore } from "../ui/LoadMore";
import { Failure } from "../ui/Message";
import { Spinner } from "../ui/Spinner";
import styles from "./PeopleDialog.module.css";

interface Props {
  username: string;
  which: "followers" | "following";
  onClose: () => void;
}

export function PeopleDialog({ username, which, onClose }: Props) {
  const list = usePeople(username, which);
  const people = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Dialog open onClose={onClose} title={text.profile[which]}>
      {list.isPending && <Spinner />}
      {list.isError && <Failure error={list.error} retry={() => void list.refetch()} />}
      {list.isSuccess && people.length === 0 && <p className={styles.empty}>{text.profile.nobody}</p>}
      <ul className={styles.list}>
        {people.map((person) => (
          <li key={person.id}>
            <Link to={`/u/${person.username}`} className={styles.person} onClick={onClose}>
              <Avatar person={person} size={40} />
              <span>
                <strong>{person.display_name}</strong>
                <span>@{person.username}</span>
              </span>
            </Link>
          </li>
        ))}
      </ul>
      <LoadMore list={list} />
    </Dialog>
  );
}
