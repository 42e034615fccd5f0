import { Activity, Images, Keyboard, LogOut, Settings, ShieldCheck, User } from "lucide-react";
import { useNavigate } from "react-router";
import type { Me } from "../api/types";
import { logOut } from "../data/session";
import { text } from "../text/en";
import { Avatar } from "../ui/Avatar";
import { Menu, MenuItem, MenuLink, MenuSeparator } from "../ui/Menu";
import styles from "./AccountMenu.module.css";
import { useOverlays } from "./overlays";

export default function AccountMenu({ user }: { user: Me }) {
  const navigate = useNavigate();
  return (
    <Menu
      defaultOpen
      trigger={
        <button type="button" className={styles.trigger} aria-label={text.nav.account}>
          <Avatar person={user} size={34} />
        </button>
      }
    >
      <MenuLink to={`/u/${user.username}`} icon={<User />}>
        <span className={styles.name}>
          <strong>{user.display_name}</strong>
          <span>@{user.username}</span>
        </span>
      </MenuLink>
      <MenuSeparator />
      <MenuLink to="/create" icon={<Images />}>
        {text.nav.pictures}
      </MenuLink>
      {user.role !== "person" && (
        <MenuLink to="/moderation" icon={<ShieldCheck />}>
          {text.nav.moderation}
        </MenuLink>
      )}
      <MenuLink to="/settings" icon={<Settings />}>
        {text.nav.settings}
      </MenuLink>
      <MenuLink to="/status" icon={<Activity />}>
        {text.nav.status}
      </MenuLink>
      <MenuItem icon={<Keyboard />} onSelect={() => useOverlays.setState({ shortcuts: true })}>
        {text.nav.shortcuts}
      </MenuItem>
      <MenuSeparator />
      <MenuItem icon={<LogOut />} onSelect={() => void logOut().then(() => navigate("/"))}>
        {text.nav.logOut}
      </MenuItem>
    </Menu>
  );
}
