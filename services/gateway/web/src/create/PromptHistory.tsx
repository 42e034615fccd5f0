import { History } from "lucide-react";
import { lazy } from "react";
import { text } from "../text/en";
import { DialogTool } from "./DialogTool";

const HistoryDialog = lazy(() => import("./HistoryDialog"));

export function PromptHistory() {
  return (
    <DialogTool dialog={HistoryDialog} icon={<History />} title={text.create.historyHint}>
      {text.create.history}
    </DialogTool>
  );
}
