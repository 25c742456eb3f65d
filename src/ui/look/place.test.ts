import assert from "node:assert/strict";
import { test } from "node:test";
import type { NetworkKind } from "../../model/naming.ts";
import { countryRowName, organisationText, placeText } from "./place.ts";

function network(kind: NetworkKind, country?: string) {
  return { kind, country, asn: undefined, organisation: undefined };
}

test("placeText() names the country, or says why there is none", () => {
  assert.equal(placeText(network("public", "NL")), "Netherlands");
  assert.equal(placeText(network("public")), undefined);
  assert.equal(placeText(network("private")), "private network");
  assert.equal(placeText(network("loopback")), "this computer");
  assert.equal(placeText(undefined), undefined);
  assert.equal(placeText(network("public", "not a code")), "not a code");
});

test("organisationText() has the number beside the name", () => {
  const known = { ...network("public", "NL"), asn: 64500 };
  assert.equal(organisationText({ ...known, organisation: "Example" }), "Example · AS64500");
  assert.equal(organisationText(known), "AS64500");
  assert.equal(organisationText(undefined), undefined);
});

test("countryRowName() reads codes and reasons; other rows keep their name", () => {
  assert.equal(countryRowName("DE", "DE"), "Germany");
  assert.equal(countryRowName(":private", "private"), "private network");
  assert.equal(countryRowName(":unknown", "unknown"), "country not known");
  assert.equal(countryRowName("remainder:kernel", "kernel"), "kernel");
  assert.equal(countryRowName(":no single peer", "no single peer"), "no single peer");
});
