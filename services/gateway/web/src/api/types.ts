import type { components } from "./schema";

type Schemas = components["schemas"];

/** The API's nouns, under the names that the page uses. The gateway's OpenAPI document describes each. */
export type Post = Schemas["Post"];
export type Visibility = Post["visibility"];
export type Picture = Schemas["PostPicture"];
export type Sources = Schemas["Sources"];
export type Person = Schemas["Author"];
export type Card = Schemas["Card"];
export type Profile = Schemas["Profile"];
export type Me = Schemas["Me"];
export type MeChanges = Schemas["AccountChanges"];
export type Preferences = Schemas["Preferences"];
export type MutedWord = Schemas["MutedWord"];
export type SignedIn = Schemas["SignedInAnswer"];
export type SignInOffer = Schemas["SignInOffer"];
export type Departure = Schemas["Departure"];
export type SignIns = Schemas["SignIns"];
export type Decision = Schemas["Decision"];
export type OwnDecision = Schemas["OwnDecision"];
export type GenerationStatus = Schemas["Generation"]["status"];
export type GenerationRequest = Schemas["NewGeneration"];
export type Model = Schemas["ModelCapabilities"];
export type Quota = Schemas["Quota"];
export type Models = Schemas["Models"];
export type Status = Schemas["Status"];
export type PostDraft = Schemas["NewPost"];
export type PostChanges = Schemas["PostChanges"];
export type Comment = Schemas["Comment"];
export type FeedEntry = Schemas["FeedEntry"];
export type FeedMode = "for_you" | "following" | "explore";
export type Interaction = Schemas["PostInteraction"];
export type SearchHit = Schemas["SearchEntry"];
export type Notification = Schemas["Notification"];
export type NotificationPage = Schemas["NotificationPage"];
export type PromptEntry = Schemas["Prompt"];
export type QueueEntry = Schemas["Case"];
export type GivenVerdict = Schemas["GivenVerdict"];
export type Taste = Schemas["Taste"];
export type TasteChanges = Schemas["TasteChanges"];
export type ProblemBody = Partial<Schemas["ProblemDocument"]> & {
  title: string;
  status: number;
  code: string;
};

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

/** A picture of a generation: its facts are known once it is ready, which the schema cannot say. */
export type PictureInMaking =
  | (Picture & { status: "ready" })
  | { id: string; status: "pending" | "blocked"; decision?: Decision | null };

export type GenerationAnswer = Schemas["Generation"];
export type Generation = Omit<GenerationAnswer, "images"> & { images: PictureInMaking[] };
