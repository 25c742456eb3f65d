/** The large numbers of one program. */

import { formatBytes } from "../../../model/format.ts";
import { BigRate, BigVolume } from "../../parts/figures.tsx";
import { useStore } from "../../store/create-store.ts";
import { units } from "../../store/settings.ts";

export interface ProgramFiguresProps {
  readonly rxBytesPerSecond: number;
  readonly txBytesPerSecond: number;
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly rxPayloadBytes: number;
  readonly txPayloadBytes: number;
  readonly connections: number;
  readonly listening: number;
}

export function ProgramFigures(props: ProgramFiguresProps) {
  const unit = useStore(units);
  const { rxBytes, txBytes, connections, listening } = props;
  return (
    <section className="nums" aria-label="Now and since the start">
      <div>
        <h2>
          <i className="dot d" aria-hidden="true" />
          Download
        </h2>
        <BigRate bytesPerSecond={props.rxBytesPerSecond} units={unit} />
        <p>{formatBytes(rxBytes)} since start</p>
      </div>
      <div>
        <h2>
          <i className="dot u" aria-hidden="true" />
          Upload
        </h2>
        <BigRate bytesPerSecond={props.txBytesPerSecond} units={unit} />
        <p>{formatBytes(txBytes)} since start</p>
      </div>
      <div>
        <h2>Both, since start</h2>
        <BigVolume bytes={rxBytes + txBytes} />
        <p title="What the program itself passed or got, without headers and repeats, loopback included">
          {formatBytes(props.rxPayloadBytes + props.txPayloadBytes)} of payload
        </p>
      </div>
      <div>
        <h2>Connections</h2>
        <strong>
          <span className="digits">{connections}</span>
        </strong>
        <p>
          {listening === 0
            ? "listens on no port"
            : `listens on ${listening} ${listening === 1 ? "port" : "ports"}`}
        </p>
      </div>
    </section>
  );
}
