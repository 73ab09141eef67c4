import type { ImageData } from "./types";

/** What every provider of the field takes. */
export const imageTypes = ["image/png", "image/jpeg", "image/webp", "image/gif"] as const;
/** Of one picture, before it grows by a third as text. */
export const image_bytes_max = 5 * 1024 * 1024;
export const images_max = 4;

export type ImageProblem = "type" | "size" | "count" | "unreadable";

/** What is wrong with a file as one more picture of a message. */
export function imageProblem(
  file: { type: string; size: number },
  already: number,
): ImageProblem | null {
  if (!imageTypes.some((type) => type === file.type)) return "type";
  if (file.size > image_bytes_max) return "size";
  return already >= images_max ? "count" : null;
}

export function readImage(file: Blob): Promise<ImageData> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(new Error("unreadable"));
    reader.readAsDataURL(file);
  });
}
