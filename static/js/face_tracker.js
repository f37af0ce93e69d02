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
const FOREHEAD = 10;
const CHIN = 152;

/**
 * @typedef {object} Face
 * @property {number} height of the face as a share of the picture's
 * @property {{x: number, y: number}} centre shares of the picture
 * @property {number} turn of the nose against the eyes, in eye distances, positive towards the picture's right
 * @property {number} tilt of the head in radians, positive upwards
 * @property {number} mouth gap between the lips in mouth widths
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
  };
}

export class FaceTracker {
  #human = null;

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
        iris: OFF,
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
