#!/bin/busybox sh
# The guest's first program: loads the drivers of its disks and goes on in the file system on them.
# The environment is what the kernel's command line says.
bb=/bin/busybox
$bb mount -t devtmpfs none /dev
for module in /modules/*.ko; do
  [ -e "$module" ] && $bb insmod "$module"
done
$bb mount -t ext4 -o ro /dev/vda /guest &&
  $bb mount -t ext4 -o ro /dev/vdb /guest/usr/lib/modules &&
  $bb mount -t ext4 /dev/vdc /guest/monitauri || $bb poweroff -f
$bb umount /dev
exec $bb switch_root /guest /bin/sh "/monitauri/test/kernels/${SCRIPT:-guest.sh}"
