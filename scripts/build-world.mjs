// Makes the shapes of the world map from npm packages, each unpacked into a folder of its own:
//   npm pack world-atlas topojson-client i18n-iso-countries
//   node scripts/build-world.mjs WORLD-ATLAS TOPOJSON-CLIENT I18N-ISO-COUNTRIES
// Natural Earth's shapes are in the public domain, world-atlas (ISC) has them as TopoJSON. What comes out is small enough for
// the page: outlines in whole units of an equal-area projection, and a dot for each country too small to have one.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [atlasFolder, topojsonFolder, codesFolder] = process.argv.slice(2);
if (codesFolder === undefined)
  throw new Error("Usage: build-world.mjs WORLD-ATLAS TOPOJSON-CLIENT I18N-ISO-COUNTRIES");
const require = createRequire(import.meta.url);
const { feature } = require(join(topojsonFolder, "dist/topojson-client.js"));
const read = (folder, file) => JSON.parse(readFileSync(join(folder, file), "utf8"));
const OUT = join(import.meta.dirname, "..", "src", "ui", "map", "world.json");

const WIDTH = 1000;
/** In units: less than a pixel where the map is 700 wide. */
const TOLERANCE = 0.9;
/** Islands and lakes below it are left out. */
const SMALLEST_AREA = 3;
const ANTARCTICA = "AQ";
/** Without a number of ISO 3166-1: what addresses there are registered as. */
const UNNUMBERED = { Kosovo: "XK", "N. Cyprus": "CY", Somaliland: "SO" };

/** With a code of their own, but a part of another country there: longitude and latitude. */
const PARTS = {
  BQ: [-68.3, 12.2],
  CC: [96.8, -12.2],
  CX: [105.6, -10.5],
  GF: [-53, 4],
  GI: [-5.4, 36.1],
  GP: [-61.5, 16.2],
  MQ: [-61, 14.6],
  RE: [55.5, -21.1],
  SJ: [16, 78],
  TK: [-171.8, -9],
  TV: [179, -8.5],
  YT: [45.2, -12.8],
};

const codes = new Map(read(codesFolder, "codes.json").map(([two, , number]) => [number, two]));
const shapes = {};
for (const { code, geometry } of countriesOf("countries-110m.json")) {
  const path = polygonsOf(geometry).map(pathOf).join("");
  if (path !== "") shapes[code] = (shapes[code] ?? "") + path;
}
const dots = {};
for (const { code, geometry } of countriesOf("countries-50m.json")) {
  if (code in shapes || code in dots) continue;
  dots[code] = middleOf(polygonsOf(geometry)).map(Math.round);
}
for (const [code, place] of Object.entries(PARTS)) dots[code] ??= project(place).map(Math.round);
const all = Object.values(shapes).join("");
const { version } = read(atlasFolder, "package.json");
const sorted = (object) => Object.fromEntries(Object.entries(object).sort());
writeFileSync(
  OUT,
  `${JSON.stringify({ from: `world-atlas ${version}`, shapes: sorted(shapes), dots: sorted(dots) }, undefined, 2)}\n`,
);
console.log(
  `${Object.keys(shapes).length} shapes of ${all.length} characters, ${Object.keys(dots).length} dots`,
);

/** With the code that countries are known by here; those without one belong to nobody who has addresses. */
function* countriesOf(file) {
  const atlas = read(atlasFolder, file);
  for (const { id, properties, geometry } of feature(atlas, atlas.objects.countries).features) {
    const code = codes.get(String(id).padStart(3, "0")) ?? UNNUMBERED[properties.name];
    if (code !== undefined && code !== ANTARCTICA && geometry !== null) yield { code, geometry };
  }
}

/** Rings of points on the map. */
function polygonsOf({ type, coordinates }) {
  const rings = type === "Polygon" ? coordinates : coordinates.flat();
  return rings.flatMap(atDateLine).map((ring) => ring.map(project));
}

/** What crosses the date line becomes a part on each side of the map. */
function atDateLine(ring) {
  const going = [];
  for (const [longitude, latitude] of ring) {
    const before = going.at(-1)?.[0] ?? longitude;
    going.push([longitude - 360 * Math.round((longitude - before) / 360), latitude]);
  }
  return [-360, 0, 360]
    .map((shift) => going.map(([longitude, latitude]) => [longitude + shift, latitude]))
    .map((shifted) => within(within(shifted, 1), -1))
    .filter((part) => part.length > 2)
    .map((part) => [...part, part[0]]);
}

/** The part of a ring on one side of 180 degrees east (1) or west (-1): Sutherland and Hodgman. */
function within(ring, side) {
  const isInside = ([longitude]) => longitude * side <= 180;
  return ring.flatMap((point, at) => {
    const before = ring.at(at - 1);
    const [[ax, ay], [bx, by]] = [before, point];
    const crossing = [180 * side, ay + ((by - ay) * (180 * side - ax)) / (bx - ax)];
    if (isInside(point)) return isInside(before) ? [point] : [crossing, point];
    return isInside(before) ? [crossing] : [];
  });
}

/** Equal Earth (Savric, Patterson, Jenny 2018), y downwards. */
function project([longitude, latitude]) {
  const [a1, a2, a3, a4] = [1.340264, -0.081106, 0.000893, 0.003796];
  const theta = Math.asin((Math.sqrt(3) / 2) * Math.sin((latitude * Math.PI) / 180));
  const t2 = theta * theta;
  const t6 = t2 * t2 * t2;
  const slope = 9 * a4 * t6 * t2 + 7 * a3 * t6 + 3 * a2 * t2 + a1;
  const x = (2 * Math.sqrt(3) * (longitude * Math.PI * Math.cos(theta))) / (180 * 3 * slope);
  const y = a4 * t6 * t2 * theta + a3 * t6 * theta + a2 * t2 * theta + a1 * theta;
  const scale = WIDTH / (2 * 2.7066);
  return [WIDTH / 2 + x * scale, 1.3173 * scale - y * scale];
}

function pathOf(ring) {
  const kept = simplified(ring);
  if (kept.length < 4 || Math.abs(areaOf(kept)) < SMALLEST_AREA) return "";
  let [x, y] = kept[0].map(Math.round);
  let path = `M${x} ${y}l`;
  const steps = [];
  for (const point of kept.slice(1, -1)) {
    const [nextX, nextY] = point.map(Math.round);
    if (nextX === x && nextY === y) continue;
    steps.push(nextX - x, nextY - y);
    [x, y] = [nextX, nextY];
  }
  path += steps.join(" ").replaceAll(" -", "-");
  return steps.length < 4 ? "" : `${path}z`;
}

/** Ramer, Douglas and Peucker: what is nearer to a line than the tolerance is not told apart from it. */
function simplified(points) {
  if (points.length < 3) return points;
  const [first, last] = [points[0], points.at(-1)];
  let [far, most] = [0, 0];
  for (let at = 1; at < points.length - 1; at++) {
    const distance = distanceTo(points[at], first, last);
    if (distance > most) [far, most] = [at, distance];
  }
  if (most <= TOLERANCE) return [first, last];
  return [...simplified(points.slice(0, far + 1)).slice(0, -1), ...simplified(points.slice(far))];
}

function distanceTo([x, y], [ax, ay], [bx, by]) {
  const [dx, dy] = [bx - ax, by - ay];
  const length = Math.hypot(dx, dy);
  if (length === 0) return Math.hypot(x - ax, y - ay);
  return Math.abs(dy * (x - ax) - dx * (y - ay)) / length;
}

function areaOf(ring) {
  let sum = 0;
  for (let at = 0; at < ring.length; at++) {
    const [[ax, ay], [bx, by]] = [ring[at], ring[(at + 1) % ring.length]];
    sum += ax * by - bx * ay;
  }
  return sum / 2;
}

/** Of the largest part. */
function middleOf(rings) {
  const [largest] = rings.sort((a, b) => Math.abs(areaOf(b)) - Math.abs(areaOf(a)));
  const [xs, ys] = [largest.map(([x]) => x), largest.map(([, y]) => y)];
  return [(Math.min(...xs) + Math.max(...xs)) / 2, (Math.min(...ys) + Math.max(...ys)) / 2];
}
