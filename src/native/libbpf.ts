/** libbpf's own functions, bound once; bpf-object.ts makes handles of them. Signatures: bpf/libbpf.h, bpf/bpf.h 1.x. */

import koffi, { type LibraryHandle } from "koffi";

import { type Unavailable, unavailable } from "../model/unavailable.ts";

/** Address of something that libbpf owns. */
export type Pointer = bigint | null;

export interface Libbpf {
  readonly version: string;
  objectOpenMemory(bytes: Buffer, byteLength: number, options: Buffer): Pointer;
  objectLoad(object: Pointer): number;
  objectClose(object: Pointer): void;
  nextProgram(object: Pointer, previous: Pointer): Pointer;
  programName(program: Pointer): string;
  programFd(program: Pointer): number;
  setAutoload(program: Pointer, autoload: boolean): number;
  setLog(program: Pointer, buffer: Buffer, byteLength: number): number;
  findMap(object: Pointer, name: string): Pointer;
  nextMap(object: Pointer, previous: Pointer): Pointer;
  mapName(map: Pointer): string;
  mapFd(map: Pointer): number;
  mapMaxEntries(map: Pointer): number;
  mapValueSize(map: Pointer): number;
  setMaxEntries(map: Pointer, entries: number): number;
  initialValue(map: Pointer, sizeOut: [number]): Pointer;
  attachCgroup(program: Pointer, cgroupFd: number): Pointer;
  attachTrace(program: Pointer): Pointer;
  attachIterator(program: Pointer, options: null): Pointer;
  iteratorCreate(linkFd: number): number;
  linkFd(link: Pointer): number;
  linkDestroy(link: Pointer): number;
  lookup(fd: number, key: Buffer, value: Buffer): number;
  update(fd: number, key: Buffer, value: Buffer, flags: number): number;
  remove(fd: number, key: Buffer): number;
  nextKey(fd: number, key: Buffer | null, next: Buffer): number;
  objectInfo(fd: number, info: Buffer, length: [number]): number;
  loadKernelTypes(): Pointer;
  findType(types: Pointer, name: string, kind: number): number;
  freeTypes(types: Pointer): void;
}

let loaded: Libbpf | undefined;

/** The library of the system, libbpf.so.1; loaded once. */
export function openLibbpf(file = "libbpf.so.1"): Libbpf | Unavailable {
  if (loaded) return loaded;
  let library: LibraryHandle;
  try {
    library = koffi.load(file);
  } catch (error) {
    return unavailable(
      "eBPF loader",
      `libbpf 1.x cannot be loaded (${error instanceof Error ? error.message : String(error)})`,
      "install it: apt-get install libbpf1",
    );
  }
  loaded = bind(library);
  return loaded;
}

function bind(library: LibraryHandle): Libbpf {
  const f = (declaration: string) => library.func(declaration);
  // Without a print function libbpf writes nothing to stderr; reasons come from errno and the verifier's log.
  f("void *libbpf_set_print(void *print)")(null);
  return {
    version: f("const char *libbpf_version_string()")() as string,
    objectOpenMemory: f("void *bpf_object__open_mem(void *bytes, size_t size, void *options)"),
    objectLoad: f("int bpf_object__load(void *object)"),
    objectClose: f("void bpf_object__close(void *object)"),
    nextProgram: f("void *bpf_object__next_program(void *object, void *previous)"),
    programName: f("const char *bpf_program__name(void *program)"),
    programFd: f("int bpf_program__fd(void *program)"),
    setAutoload: f("int bpf_program__set_autoload(void *program, bool autoload)"),
    setLog: f("int bpf_program__set_log_buf(void *program, void *buffer, size_t size)"),
    findMap: f("void *bpf_object__find_map_by_name(void *object, const char *name)"),
    nextMap: f("void *bpf_object__next_map(void *object, void *previous)"),
    mapName: f("const char *bpf_map__name(void *map)"),
    mapFd: f("int bpf_map__fd(void *map)"),
    mapMaxEntries: f("uint32_t bpf_map__max_entries(void *map)"),
    mapValueSize: f("uint32_t bpf_map__value_size(void *map)"),
    setMaxEntries: f("int bpf_map__set_max_entries(void *map, uint32_t entries)"),
    initialValue: f("void *bpf_map__initial_value(void *map, _Out_ size_t *size)"),
    attachCgroup: f("void *bpf_program__attach_cgroup(void *program, int cgroup_fd)"),
    attachTrace: f("void *bpf_program__attach_trace(void *program)"),
    attachIterator: f("void *bpf_program__attach_iter(void *program, void *options)"),
    iteratorCreate: f("int bpf_iter_create(int link_fd)"),
    linkFd: f("int bpf_link__fd(void *link)"),
    linkDestroy: f("int bpf_link__destroy(void *link)"),
    update: f("int bpf_map_update_elem(int fd, void *key, void *value, uint64_t flags)"),
    lookup: f("int bpf_map_lookup_elem(int fd, void *key, void *value)"),
    remove: f("int bpf_map_delete_elem(int fd, void *key)"),
    nextKey: f("int bpf_map_get_next_key(int fd, void *key, void *next)"),
    objectInfo: f("int bpf_obj_get_info_by_fd(int fd, void *info, _Inout_ uint32_t *length)"),
    loadKernelTypes: f("void *btf__load_vmlinux_btf()"),
    findType: f("int btf__find_by_name_kind(void *types, const char *name, uint32_t kind)"),
    freeTypes: f("void btf__free(void *types)"),
  };
}
