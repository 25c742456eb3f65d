# The guest whose power fails: its history is on a disk of its own, which it mounts as it was left.
export PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C
mount -t proc none /proc
mount -t devtmpfs none /dev
for folder in /tmp /run /root; do
  mount -t tmpfs none $folder
done
mkdir /run/data
mount -t ext4 /dev/vdd /run/data || echo "guest: cannot mount the disk"
cd /monitauri
./node test/kernels/power-writer.ts /run/data/history.db "$START_MS" "$UNTIL" </dev/null
echo "guest ended with $?"
umount /run/data
busybox poweroff -f
