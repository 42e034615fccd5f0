import { api, body } from "../api/client";
import { Problem } from "../api/problem";
import { dropSession } from "../api/token";
import type { Me, MeChanges } from "../api/types";
import { useSession } from "./session";

/** Change one's own profile or preferences; what is left out stays. */
export async function changeMe(changes: MeChanges): Promise<void> {
  const user = await body<Me>(api.PATCH("/v1/me", { body: changes }));
  useSession.setState({ user });
}

export async function changePassword(password: string, newPassword: string): Promise<void> {
  await api.PUT("/v1/me/password", { body: { password, new_password: newPassword } });
}

/** Whether what was asked for needs the account's password, and this was not it. */
export function isWrongPassword(error: unknown): boolean {
  return error instanceof Problem && error.code === "bad_credentials";
}

/** Everything one has made, saved as a file. */
export async function downloadExport(username: string): Promise<void> {
  const { data } = await api.GET("/v1/me/export", { parseAs: "blob" });
  const url = URL.createObjectURL(data as Blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = `promptgram-${username}.zip`;
  link.click();
  URL.revokeObjectURL(url);
}

/** Erase the account; one of an outside issuer has no password. */
export async function deleteAccount(password: string | null): Promise<void> {
  await api.DELETE("/v1/me", { body: { password } });
  dropSession();
}
