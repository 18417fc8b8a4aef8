#!/usr/bin/env bash
# A Slurm cluster of one node on this machine's loopback, for tests: needs root and Debian's slurmctld, slurmd and slurm-client,
# but no munge and no systemd. All of its files lie in one folder.
# Usage: scripts/engines/cluster.sh start DIR [MAX_ARRAY_SIZE]     then: export SLURM_CONF=DIR/slurm.conf
#        scripts/engines/cluster.sh stop DIR
set -euo pipefail
usage() { sed -n 's/^# \{0,1\}//; 4,5p' "$0" >&2; exit 2; }
[ $# -ge 2 ] || usage
action=$1 dir=$2

stop() {
  for daemon in slurmd slurmctld; do
    if [ -s "$dir/$daemon.pid" ]; then kill "$(cat "$dir/$daemon.pid")" 2>/dev/null || echo "$daemon was not running" >&2; fi
  done
}

case $action in
stop) stop ;;
start)
  mkdir -p "$dir/state" "$dir/spool"
  dir=$(cd "$dir" && pwd)
  host=$(hostname -s)
  cat > "$dir/slurm.conf" <<CONF
ClusterName=loopback
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=16817
SlurmdPort=16818
# Listen on the loopback only.
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
AuthType=auth/none
CredType=cred/none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SlurmUser=root
SlurmdUser=root
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
KillWait=2
MaxArraySize=${3:-1001}
SchedulerParameters=sched_interval=1,batch_sched_delay=0
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.pid
SlurmctldLogFile=$dir/slurmctld.log
SlurmdLogFile=$dir/slurmd.log
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
  export SLURM_CONF=$dir/slurm.conf
  slurmctld
  slurmd
  for _ in $(seq 60); do
    case $(sinfo --noheader --format=%T 2>/dev/null || true) in idle*) exit 0 ;; esac
    sleep 0.5
  done
  echo "the node did not become idle; see $dir/slurmctld.log and $dir/slurmd.log" >&2
  stop
  exit 1
  ;;
*) usage ;;
esac
