import { ImagePlus, SendHorizontal, Square, X } from "lucide-react";
import { useId, useRef, useState, type ClipboardEvent, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";

import {
  image_bytes_max,
  imageProblem,
  images_max,
  imageTypes,
  readImage,
  type ImageProblem,
} from "@/lib/playground/images";
import type { ImageData } from "@/lib/playground/types";
import { Button, IconButton } from "@/ui/button";
import { controlFrame } from "@/ui/input";

interface PlaygroundComposerProps {
  isRunning: boolean;
  /** Why nothing can be sent now. */
  obstacle: string | null;
  onSend: (text: string, images: readonly ImageData[]) => void;
  onStop: () => void;
}

/** Where the next message is written. Enter sends it; with Shift it begins a line. */
export function PlaygroundComposer(props: PlaygroundComposerProps) {
  const { isRunning, obstacle, onSend, onStop } = props;
  const { t } = useTranslation();
  const [text, setText] = useState("");
  const { images, problem, add, remove, clear } = useImages();
  const note = useId();
  const canSend = !isRunning && obstacle === null && (text.trim() !== "" || images.length > 0);
  const send = () => {
    if (!canSend) return;
    onSend(text.trim(), images);
    setText("");
    clear();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // While characters are being composed, Enter chooses among them.
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };
  const onPaste = (event: ClipboardEvent) => {
    const files = [...event.clipboardData.files];
    if (files.length === 0) return;
    event.preventDefault();
    add(files);
  };
  return (
    <form
      aria-label={t("playground.composer")}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <div
        className={`${controlFrame} rounded-panel! has-[textarea:focus-visible]:border-accent has-[textarea:focus-visible]:outline-2 has-[textarea:focus-visible]:-outline-offset-1 has-[textarea:focus-visible]:outline-accent`}
      >
        {images.length > 0 && <Images images={images} onRemove={remove} />}
        <textarea
          aria-label={t("playground.message")}
          aria-describedby={note}
          placeholder={t("playground.messagePlaceholder")}
          rows={2}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKeyDown}
          onPaste={onPaste}
          className="field-sizing-content block max-h-60 min-h-16 w-full resize-none bg-transparent px-3 pt-2.5 pb-1 outline-none"
        />
        <div className="flex items-center gap-2 px-2 pb-2">
          <ImageButton onFiles={add} />
          <p id={note} className="min-w-0 flex-1 truncate text-meta text-muted">
            {obstacle ?? <span className="hidden table:inline">{t("playground.keys")}</span>}
          </p>
          {isRunning ? (
            <Button
              onClick={onStop}
              icon={<Square size={12} strokeWidth={2} fill="currentColor" aria-hidden />}
            >
              {t("playground.stop")}
            </Button>
          ) : (
            <Button
              type="submit"
              variant="primary"
              disabled={!canSend}
              icon={<SendHorizontal size={16} strokeWidth={1.75} aria-hidden />}
            >
              {t("playground.send")}
            </Button>
          )}
        </div>
      </div>
      {problem && (
        <p role="alert" className="mt-1.5 text-meta text-bad">
          {t(`playground.image_${problem}`, {
            megabytes: image_bytes_max / 1024 / 1024,
            count: images_max,
          })}
        </p>
      )}
    </form>
  );
}

function useImages() {
  const [images, setImages] = useState<readonly ImageData[]>([]);
  const [problem, setProblem] = useState<ImageProblem | null>(null);
  const add = async (files: readonly File[]) => {
    setProblem(null);
    let count = images.length;
    for (const file of files) {
      const wrong = imageProblem(file, count);
      if (wrong !== null) {
        setProblem(wrong);
        continue;
      }
      count += 1;
      try {
        const image = await readImage(file);
        setImages((before) => [...before, image].slice(0, images_max));
      } catch {
        setProblem("unreadable");
      }
    }
  };
  return {
    images,
    problem,
    add: (files: readonly File[]) => void add(files),
    remove: (at: number) => setImages(images.filter((_, index) => index !== at)),
    clear: () => {
      setImages([]);
      setProblem(null);
    },
  };
}

function ImageButton({ onFiles }: { onFiles: (files: readonly File[]) => void }) {
  const { t } = useTranslation();
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        type="file"
        aria-label={t("playground.addImages")}
        tabIndex={-1}
        accept={imageTypes.join(",")}
        multiple
        className="sr-only"
        onChange={(event) => {
          onFiles([...(event.target.files ?? [])]);
          // The same file may be chosen again after it was removed.
          event.target.value = "";
        }}
      />
      <IconButton
        label={t("playground.addImage")}
        icon={<ImagePlus size={16} strokeWidth={1.75} aria-hidden />}
        onClick={() => input.current?.click()}
      />
    </>
  );
}

interface ImagesProps {
  images: readonly ImageData[];
  onRemove: (at: number) => void;
}

function Images({ images, onRemove }: ImagesProps) {
  const { t } = useTranslation();
  return (
    <ul className="flex flex-wrap gap-2 px-3 pt-3">
      {images.map((image, at) => (
        <li key={image.slice(-64)} className="relative">
          <img
            src={image}
            alt={t("playground.picture", { number: at + 1 })}
            className="size-16 rounded-control border border-line object-cover"
          />
          <button
            type="button"
            aria-label={t("playground.removePicture", { number: at + 1 })}
            onClick={() => onRemove(at)}
            className="absolute -top-2 -right-2 inline-flex size-6 items-center justify-center rounded-full border border-line-strong bg-surface text-muted hover:text-ink"
          >
            <X size={12} strokeWidth={2} aria-hidden />
          </button>
        </li>
      ))}
    </ul>
  );
}
