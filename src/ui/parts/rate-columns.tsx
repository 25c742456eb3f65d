/** The columns of tables that say who moves how much: one head and the same three figures in each row. */

import type { Units } from "../store/settings.ts";
import { Rate, Volume } from "./figures.tsx";

export function RateHead({ name, total }: { readonly name: string; readonly total: string }) {
  return (
    <thead>
      <tr>
        <th scope="col" className="c-name">
          {name}
        </th>
        <th scope="col" className="c-rate n">
          Download
        </th>
        <th scope="col" className="c-rate n">
          Upload
        </th>
        <th scope="col" className="c-total n">
          {total}
        </th>
      </tr>
    </thead>
  );
}

interface RateCellsProps {
  readonly rxBytesPerSecond: number;
  readonly txBytesPerSecond: number;
  /** Both directions together. */
  readonly bytes: number;
  readonly units: Units;
}

export function RateCells({ rxBytesPerSecond, txBytesPerSecond, bytes, units }: RateCellsProps) {
  return (
    <>
      <td className="c-rate n d">
        <Rate bytesPerSecond={rxBytesPerSecond} units={units} />
      </td>
      <td className="c-rate n u">
        <Rate bytesPerSecond={txBytesPerSecond} units={units} />
      </td>
      <td className="c-total n">
        <Volume bytes={bytes} />
      </td>
    </>
  );
}
