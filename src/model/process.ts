/** Processes and the applications they belong to. */

/** A container, from the cgroup path and, where the engine's files can be read, its own name and image. */
export interface Container {
  readonly engine: "docker" | "podman" | "containerd" | "lxc" | "kubernetes" | "unknown";
  /** The engine's identifier, shortened to 12 characters where it is a hash. */
  readonly id: string;
  readonly name?: string;
  readonly image?: string;
}

/** One run of one program: pid + start time + exec. A pid alone is reused, and exec makes another program of it. */
export interface Process {
  /** Small integer given by the collector, unique while the daemon runs; 0 never stands for a process. */
  readonly id: number;
  readonly pid: number;
  /** Start of the process, milliseconds since the epoch. */
  readonly startedAtMs: number;
  /** The kernel's name of it (15 bytes at most), printable. */
  readonly name: string;
  /** Path of the executable; undefined when it cannot be known (kernel threads, other users without privileges). */
  readonly path: string | undefined;
  /** False: the path is what the process itself claims and could not be checked against the kernel's file. */
  readonly pathVerified: boolean;
  /** Arguments, cut at 1,024 bytes altogether. */
  readonly arguments: readonly string[];
  readonly uid: number | undefined;
  /** Name of the user, "#1000" where the id has none. */
  readonly user: string | undefined;
  readonly parentPid: number | undefined;
  readonly kernelThread: boolean;
  readonly container: Container | undefined;
  /** systemd unit of the cgroup path, "ssh.service". */
  readonly unit: string | undefined;
  /** What it rolls up to. */
  readonly application: Application;
}

/** What people call the program. */
export interface Application {
  /** Stable across restarts: "path:/usr/bin/curl", "path:/bin/busybox#wget" (an applet), "script:/opt/train.py",
   * "container:web", "unit:ssh.service", "name:curl" (no path is known), "kernel", "unknown". */
  readonly key: string;
  /** What a person reads: "curl", "train.py (python3)", "web (docker)". Printable, 256 characters at most. */
  readonly name: string;
  /** Path of the executable or script that stands for it. */
  readonly path: string | undefined;
}
