/** An application's mark: its colour and first letter. */

import { memo } from "react";
import { initialOf } from "../look/colour.ts";
import { colourOf } from "../store/colours.ts";

export const Mark = memo(function Mark({ appKey, name }: { appKey: string; name: string }) {
  return (
    <span className="mark" style={{ background: colourOf(appKey) }} aria-hidden="true">
      {initialOf(name)}
    </span>
  );
});
