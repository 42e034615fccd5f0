import { ImagePlus } from "lucide-react";
import { lazy } from "react";
import { text } from "../text/en";
import { DialogTool } from "./DialogTool";

const SourceDialog = lazy(() => import("./SourceDialog"));

/** Opens the pictures that one can start from. */
export function SourceChoice() {
  return (
    <DialogTool
      dialog={SourceDialog}
      icon={<ImagePlus />}
      aria-label={text.source.title}
      title={text.source.title}
    >
      {text.source.button}
    </DialogTool>
  );
}
