import { lazy, Suspense, useEffect, useRef } from "react";
import { Outlet, ScrollRestoration, useLocation, useNavigate, useNavigation } from "react-router";
import { useOnboarding } from "../auth/onboarding";
import { useJobs } from "../create/jobs";
import { text } from "../text/en";
import { useAnnouncement } from "../ui/announce";
import { Toasts } from "../ui/Toasts";
import { useKeys } from "./keys";
import { OfflineNote } from "./OfflineNote";
import { openComposer, useOverlays } from "./overlays";
import { Rail } from "./Rail";
import styles from "./Shell.module.css";
import { SuspendedNote } from "./SuspendedNote";
import { TabBar } from "./TabBar";
import { TopBar } from "./TopBar";

const AuthDialog = lazy(() => import("../auth/AuthDialog"));
const ComposerSheet = lazy(() => import("../create/ComposerSheet"));
const ReportDialog = lazy(() => import("./ReportDialog"));
const ShortcutsDialog = lazy(() => import("./ShortcutsDialog"));
const OnboardingDialog = lazy(() => import("../onboarding/OnboardingDialog"));
const JobsTray = lazy(() => import("../create/JobsTray"));

export function Shell() {
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const busy = useNavigation().state !== "idle";
  const overlays = useOverlays();
  // Whoever signed up to paint something first sees their picture being made.
  const onboarding =
    useOnboarding((state) => state.due) && pathname === "/" && !overlays.composer && !overlays.auth;
  const hasJobs = useJobs((state) => Object.keys(state.jobs).length > 0);
  const message = useAnnouncement((state) => state.message);
  const search = useRef<HTMLInputElement>(null);

  useKeys({
    c: () => openComposer(),
    "?": () => useOverlays.setState({ shortcuts: true }),
    "/": () => (search.current?.offsetParent ? search.current.focus() : navigate("/search")),
  });

  useEffect(() => {
    // A page change closes what was opened over the page before.
    if (pathname) useOverlays.setState({ composer: null });
  }, [pathname]);

  return (
    <>
      <a href="#main" className={styles.skip}>
        {text.nav.skip}
      </a>
      <div className={styles.progress} data-busy={busy || undefined} />
      <Rail />
      <TopBar searchRef={search} />
      <main id="main" className={styles.main} tabIndex={-1}>
        <OfflineNote />
        <SuspendedNote />
        <Outlet />
      </main>
      <TabBar />
      <Suspense fallback={null}>
        {overlays.auth && <AuthDialog form={overlays.auth} />}
        {overlays.composer && <ComposerSheet seedling={overlays.composer} />}
        {overlays.report && <ReportDialog target={overlays.report} />}
        {overlays.shortcuts && <ShortcutsDialog />}
        {onboarding && <OnboardingDialog />}
        {hasJobs && <JobsTray />}
      </Suspense>
      <Toasts />
      <div className="visually-hidden" aria-live="polite">
        {message}
      </div>
      <ScrollRestoration />
    </>
  );
}
