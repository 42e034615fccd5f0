import { createBrowserRouter, Navigate, useParams } from "react-router";
import { FeedPage } from "./feed/FeedPage";
import { Crashed, NotFound } from "./shell/NotFound";
import { Shell } from "./shell/Shell";

/** The feed is in the first download, everything else comes when it is gone to. */
export const router = createBrowserRouter([
  {
    element: <Shell />,
    errorElement: <Crashed />,
    hydrateFallbackElement: <></>,
    children: [
      {
        errorElement: <Crashed />,
        children: [
          { index: true, element: <FeedPage /> },
          {
            path: "create",
            lazy: async () => ({ Component: (await import("./create/CreatePage")).CreatePage }),
          },
          { path: "post/:id", lazy: async () => ({ Component: (await import("./post/PostPage")).PostPage }) },
          { path: "p/:id", element: <SharedPost /> },
          {
            path: "search",
            lazy: async () => ({ Component: (await import("./search/SearchPage")).SearchPage }),
          },
          {
            path: "saved",
            lazy: async () => ({ Component: (await import("./profile/SavedPage")).SavedPage }),
          },
          {
            path: "u/:username",
            lazy: async () => ({ Component: (await import("./profile/ProfilePage")).ProfilePage }),
          },
          {
            path: "notifications",
            lazy: async () => ({
              Component: (await import("./notifications/NotificationsPage")).NotificationsPage,
            }),
          },
          {
            path: "settings",
            lazy: async () => ({ Component: (await import("./settings/SettingsPage")).SettingsPage }),
          },
          {
            path: "settings/taste",
            lazy: async () => ({ Component: (await import("./settings/TastePage")).TastePage }),
          },
          {
            path: "status",
            lazy: async () => ({ Component: (await import("./status/StatusPage")).StatusPage }),
          },
          {
            path: "moderation",
            lazy: async () => ({ Component: (await import("./moderation/ModerationPage")).ModerationPage }),
          },
          { path: "login", lazy: async () => ({ Component: (await import("./auth/AuthPage")).LoginPage }) },
          {
            path: "login/return",
            lazy: async () => ({ Component: (await import("./auth/ReturnPage")).ReturnPage }),
          },
          { path: "signup", lazy: async () => ({ Component: (await import("./auth/AuthPage")).SignupPage }) },
          { path: "*", element: <NotFound /> },
        ],
      },
    ],
  },
]);

/** The address that is shared leads to the post. */
function SharedPost() {
  const { id = "" } = useParams();
  return <Navigate to={`/post/${id}`} replace />;
}
