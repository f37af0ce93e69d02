// The site's JSON API: one place for the CSRF token, problem answers and a lost connection.

/** A refusal, in words for people and with a stable code. */
export class ApiError extends Error {
  /**
   * @param {string} message
   * @param {{code: string, status?: number, retryAfter?: number}} facts retryAfter in seconds
   */
  constructor(message, { code, status = 0, retryAfter = 0 }) {
    super(message);
    this.code = code;
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/**
 * @param {Response} response
 * @returns {Promise<ApiError>} made from application/problem+json, or from the status alone
 */
async function problem(response) {
  const body = await response.json().catch(() => ({}));
  return new ApiError(body.detail ?? "The site could not answer. Please try again in a moment.", {
    code: body.code ?? "error",
    status: response.status,
    retryAfter: Number(body.retry_after_seconds ?? response.headers.get("Retry-After") ?? 0),
  });
}

/**
 * @param {ApiError} error when it asks for the password again, the page for that opens and leads back here
 * @returns {ApiError}
 */
function confirmFirst(error) {
  if (error.code === "reauthentication_required") {
    window.location.assign(`/accounts/reauthenticate/?next=${encodeURIComponent(window.location.pathname)}`);
  }
  return error;
}

/**
 * @param {string} url
 * @param {RequestInit} [options]
 * @returns {Promise<any>} the JSON answer, null where there is none
 * @throws {ApiError} code "offline" when no answer came at all
 */
export async function request(url, options = {}) {
  const token = document.querySelector('meta[name="csrf-token"]').content;
  const headers = { Accept: "application/json", "X-CSRFToken": token, ...options.headers };
  let response;
  try {
    response = await fetch(url, { credentials: "same-origin", ...options, headers });
  } catch {
    throw new ApiError("The site cannot be reached. Check your connection and try again.", { code: "offline" });
  }
  if (!response.ok) throw confirmFirst(await problem(response));
  return response.status === 204 ? null : response.json();
}

/**
 * @param {string} url
 * @param {object} body
 */
export function postJson(url, body) {
  return request(url, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
}

/**
 * @param {string} url
 * @param {Blob} image sent as the multipart field "image"
 * @param {Record<string, string>} [headers]
 */
export function postImage(url, image, headers = {}) {
  return postImages(url, [image], headers);
}

/**
 * @param {string} url
 * @param {Blob[]} images each a field "image", in order
 * @param {Record<string, string>} [headers]
 */
export function postImages(url, images, headers = {}) {
  const body = new FormData();
  for (const image of images) body.append("image", image, image.name ?? "camera.jpg");
  return request(url, { method: "POST", headers, body });
}
