import { Menu as Base } from "@base-ui/react/menu";
import type { ReactElement, ReactNode } from "react";
import { Link } from "react-router";
import styles from "./Menu.module.css";

interface Props {
  /** The button that opens it; it gets the menu's ARIA attributes. */
  trigger: ReactElement;
  children: ReactNode;
  defaultOpen?: boolean;
}

export function Menu({ trigger, children, defaultOpen }: Props) {
  return (
    <Base.Root modal={false} defaultOpen={defaultOpen}>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner className={styles.positioner} sideOffset={6} align="end" collisionPadding={8}>
          <Base.Popup className={styles.popup}>{children}</Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

interface ItemProps {
  icon?: ReactNode;
  children: ReactNode;
  onSelect: () => void;
  danger?: boolean;
}

export function MenuItem({ icon, children, onSelect, danger }: ItemProps) {
  return (
    <Base.Item className={styles.item} data-danger={danger || undefined} onClick={onSelect}>
      {icon}
      {children}
    </Base.Item>
  );
}

export function MenuLink({ icon, children, to }: { icon?: ReactNode; children: ReactNode; to: string }) {
  return (
    <Base.Item className={styles.item} render={<Link to={to} />}>
      {icon}
      {children}
    </Base.Item>
  );
}

export function MenuSeparator() {
  return <Base.Separator className={styles.separator} />;
}
