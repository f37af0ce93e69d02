// Where the face is and how the head is held, several times a second, in the browser alone. It only guides: the server
// measures every frame again.

const MODELS = "../vendor/human/models/";
const WASM = "../vendor/wasm/";
const OFF = { enabled: false };

/** Points of the face mesh; left and right as the picture shows them. */
const NOSE = 1;
const EYES = { left: [33, 133], right: [362, 263] };
const LIPS = [13, 14];
const MOUTH = [78, 308];
/** The lids of each eye: corner, lower lid, other corner; the upper lid between them. */
const LIDS = [
  { lower: [33, 7, 163, 144, 145, 153, 154, 155, 133], upper: [246, 161, 160, 159, 158, 157, 173] },
  { lower: [263, 249, 390, 373, 374, 380, 381, 382, 362], upper: [466, 388, 387, 386, 385, 384, 398] },
];
const FOREHEAD = 10;
const CHIN = 152;

/**
 * @typedef {object} Face
 * @property {number} height of the face as a share of the picture's
 * @property {{x: number, y: number}} centre shares of the picture
 * @property {number} turn of the nose against the eyes, in eye distances, positive towards the picture's right
 * @property {number} tilt of the head in radians, positive upwards
 * @property {number} mouth gap between the lips in mouth widths
 * @property {number} eyes gap between the lids in eye widths, of the eye that is open wider; tells blinks only where the
 *   tracker looks at eyes
 */

/** @param {string} path of a folder beside this script's */
function folder(path) {
  return new URL(path, new URL(document.querySelector("[data-static-base]").dataset.staticBase, document.baseURI)).href;
}

/**
 * @param {number[][]} mesh
 * @param {number[]} indices
 * @returns {number[]} mean of the points
 */
function mean(mesh, indices) {
  const points = indices.map((index) => mesh[index]);
  return [0, 1, 2].map((axis) => points.reduce((sum, point) => sum + point[axis], 0) / points.length);
}

/**
 * @param {number[]} a
 * @param {number[]} b
 */
function distance(a, b) {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

/**
 * @param {number[][]} mesh
 * @param {{lower: number[], upper: number[]}} lids
 */
function opening(mesh, { lower, upper }) {
  const gaps = upper.map((index, at) => distance(mesh[index], mesh[lower[at + 1]]));
  return gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length / distance(mesh[lower[0]], mesh[lower[lower.length - 1]]);
}

/**
 * @param {any} found one face as the tracker gives it
 * @param {HTMLCanvasElement} picture
 * @returns {Face}
 */
export function measure(found, picture) {
  const mesh = found.mesh;
  const left = mean(mesh, EYES.left);
  const right = mean(mesh, EYES.right);
  const across = [right[0] - left[0], right[1] - left[1]];
  const nose = [mesh[NOSE][0] - (left[0] + right[0]) / 2, mesh[NOSE][1] - (left[1] + right[1]) / 2];
  const apart = across[0] ** 2 + across[1] ** 2;
  return {
    height: distance(mesh[FOREHEAD], mesh[CHIN]) / picture.height,
    centre: { x: mesh[NOSE][0] / picture.width, y: mesh[NOSE][1] / picture.height },
    turn: (nose[0] * across[0] + nose[1] * across[1]) / apart,
    tilt: -found.rotation.angle.pitch,
    mouth: distance(mesh[LIPS[0]], mesh[LIPS[1]]) / distance(mesh[MOUTH[0]], mesh[MOUTH[1]]),
    eyes: Math.max(...LIDS.map((lids) => opening(mesh, lids))),
  };
}

export class FaceTracker {
  #human = null;
  #eyes;

  /** @param {{eyes?: boolean}} [options] whether to tell open from closed eyes, by one more network */
  constructor({ eyes = false } = {}) {
    this.#eyes = eyes;
  }

  /** Loads the networks; takes a second the first time. */
  async load() {
    if (this.#human) return;
    const { Human } = await import("../vendor/human/dist/human.esm.js");
    const human = new Human({
      backend: "wasm",
      wasmPath: folder(WASM),
      modelBasePath: folder(MODELS),
      debug: false,
      cacheSensitivity: 0,
      filter: OFF,
      gesture: OFF,
      body: OFF,
      hand: OFF,
      object: OFF,
      segmentation: OFF,
      face: {
        enabled: true,
        detector: { modelPath: "blazeface.json", rotation: false, maxDetected: 1 },
        mesh: { enabled: true, modelPath: "facemesh.json" },
        iris: this.#eyes ? { enabled: true, modelPath: "iris.json" } : OFF,
        emotion: OFF,
        description: OFF,
        antispoof: OFF,
        liveness: OFF,
      },
    });
    await human.load();
    this.#human = human;
  }

  /**
   * @param {HTMLCanvasElement} picture
   * @returns {Promise<Face | null>} null without a face
   */
  async look(picture) {
    const { face } = await this.#human.detect(picture);
    return face.length && face[0].mesh?.length ? measure(face[0], picture) : null;
  }
}
