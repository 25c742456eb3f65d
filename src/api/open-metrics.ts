/** OpenMetrics 1.0 text (the exposition format of Prometheus and others), from metrics as data. Pure. */

export interface MetricFamily {
  /** Without the "_total" of counters, which is written to their samples; ends in the unit where there is one. */
  readonly name: string;
  readonly type: "counter" | "gauge" | "info";
  readonly unit?: "bytes" | "seconds" | "ratio";
  readonly help: string;
  readonly samples: readonly MetricSample[];
}

export interface MetricSample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

export function openMetricsText(families: readonly MetricFamily[]): string {
  return `${families.flatMap(linesOf).join("\n")}\n# EOF\n`;
}

const SUFFIXES = { counter: "_total", gauge: "", info: "_info" };

function linesOf({ name, type, unit, help, samples }: MetricFamily): string[] {
  return [
    `# TYPE ${name} ${type}`,
    ...(unit === undefined ? [] : [`# UNIT ${name} ${unit}`]),
    `# HELP ${name} ${escaped(help)}`,
    ...samples.map(({ labels, value }) => `${name}${SUFFIXES[type]}${labelText(labels)} ${value}`),
  ];
}

function labelText(labels: MetricSample["labels"]): string {
  const pairs = Object.entries(labels ?? {}).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}
