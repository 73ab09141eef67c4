/** A part of an answer: running text, or code between fences. */
export interface Part {
  kind: "text" | "code";
  text: string;
  language: string;
}

const fence = /^ {0,3}```+\s*([\w+#.-]*)\s*$/;

/** Tells code between fences from the text around it. A fence that is still open holds the rest. */
export function splitFences(answer: string): Part[] {
  const parts: Part[] = [];
  let lines: string[] = [];
  let language: string | null = null;
  const close = (kind: Part["kind"]) => {
    const text = lines.join("\n");
    if (text.trim() !== "" || kind === "code") parts.push({ kind, text, language: language ?? "" });
    lines = [];
  };
  for (const line of answer.split("\n")) {
    const match = fence.exec(line);
    if (match && language === null) {
      close("text");
      language = match[1] ?? "";
    } else if (match) {
      close("code");
      language = null;
    } else {
      lines.push(line);
    }
  }
  close(language === null ? "text" : "code");
  return parts;
}
