# What a system that has just started has, then the tests. This is the guest's init: when it has no
# more to do, the machine goes off. The last line tells the host how it went.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C
mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev
mkdir -p /dev/pts /dev/shm /dev/net
mknod /dev/net/tun c 10 200
mount -t devpts none /dev/pts
ln -s /proc/self/fd /dev/fd
ln -s /proc/self/fd/0 /dev/stdin
for folder in /dev/shm /tmp /run /root; do
  mount -t tmpfs none $folder
done
mount -t cgroup2 none /sys/fs/cgroup
mount -t bpf none /sys/fs/bpf
mount -t tracefs none /sys/kernel/tracing
mount -t debugfs none /sys/kernel/debug
mkdir -p /run/netns
hostname guest
ip link set lo up
cd /monitauri
export ONLY MONITAURI_TEST_PATIENCE_MS=300000
./node test/kernels/in-guest.ts $TESTS </dev/null
echo "guest ended with $?"
busybox poweroff -f
