import { expect, test } from "vitest";
import { lessonParts } from "./held-out.ts";

const image = new File([], "photo.png");
const pairs = (captions: readonly string[]) =>
  captions.map((caption, i) => ({ id: `own/${i}`, caption, imageId: caption, image }));
const captionsOf = (part: readonly { readonly caption: string }[]) => part.map(({ caption }) => caption);

test("few photos are all trained on, and measured on", () => {
  const nine = pairs(["a", "b", "c", "d", "e", "f", "g", "h", "i"]);
  expect(lessonParts(nine)).toEqual({ train: nine, measured: nine, isHeldOut: false });
});

test("every fifth photo is held out, counted album by album, so that each album is trained on too", () => {
  const albums = pairs(["zoo", "trip", "zoo", "trip", "zoo", "trip", "zoo", "trip", "zoo", "trip"]);
  const { train, measured, isHeldOut } = lessonParts(albums);
  expect(isHeldOut).toBe(true);
  expect(captionsOf(measured)).toEqual(["zoo", "trip"]);
  expect(captionsOf(train)).toEqual([...Array(4).fill("zoo"), ...Array(4).fill("trip")]);
  expect(new Set([...train, ...measured])).toEqual(new Set(albums));
});
