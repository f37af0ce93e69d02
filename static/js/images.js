// Pictures on their way to the server: phones make them larger than any face needs.

const LONG_SIDE_PX = 1600;
const QUALITY = 0.92;

/** A file that cannot be sent, in words for people. */
export class ImageError extends Error {
  code = "file_too_large";
}

/**
 * @param {ImageBitmap} bitmap
 * @returns {Promise<Blob | null>} JPEG with the long side at most LONG_SIDE_PX
 */
function toJpeg(bitmap) {
  const scale = Math.min(1, LONG_SIDE_PX / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
}

/**
 * Makes a large picture small. What is small already, or what the browser cannot read, is left as it is:
 * the server then says what is wrong with it.
 * @param {File} file
 * @param {number} maxBytes what the server takes
 * @returns {Promise<Blob>}
 * @throws {ImageError} for a file too large that cannot be made smaller here
 */
export async function prepareImage(file, maxBytes) {
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" }).catch(() => null);
  const small = bitmap && Math.max(bitmap.width, bitmap.height) <= LONG_SIDE_PX && file.size <= maxBytes;
  const smaller = bitmap && !small ? await toJpeg(bitmap) : null;
  bitmap?.close();
  const image = smaller ?? file;
  if (image.size <= maxBytes) return image;
  const megabytes = Math.floor(maxBytes / 1024 / 1024);
  throw new ImageError(`This file is larger than ${megabytes} MB and cannot be read as a picture here. Choose another one.`);
}
