package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of /proc/PID/stat, USER_HZ, which Linux keeps at 100 a second on every machine.
const tick = 10 * time.Millisecond

// used is processor time since some beginning.
type used struct {
	server, database time.Duration
	generator        time.Duration // this process
	machine          time.Duration // all processes
}

// since is what was used between two readings.
func (u used) since(before used) used {
	return used{u.server - before.server, u.database - before.database, u.generator - before.generator,
		u.machine - before.machine}
}

// reading reads what a process, and a postmaster with its children, have used so far.
func reading(pid, postmaster int) (u used, err error) {
	own, _, _, err := processTime(pid)
	if err != nil {
		return u, err
	}
	u.server = own
	if u.database, err = familyTime(postmaster); err != nil {
		return u, err
	}
	if u.generator, _, _, err = processTime(os.Getpid()); err != nil {
		return u, err
	}
	u.machine, err = machineTime()
	return u, err
}

// processTime is what a process has used itself, and its children that have ended and were collected.
func processTime(pid int) (own, collected time.Duration, parent int, err error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0, 0, err
	}
	return parseStat(stat)
}

// parseStat reads proc(5): behind the name, which is in parentheses and may hold anything, come state, parent, and as the
// 12th to 15th utime, stime, cutime and cstime.
func parseStat(stat []byte) (own, collected time.Duration, parent int, err error) {
	f := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(f) < 15 {
		return 0, 0, 0, fmt.Errorf("cannot read %q", stat)
	}
	var n [4]int64
	for i := range n {
		if n[i], err = strconv.ParseInt(string(f[11+i]), 10, 64); err != nil {
			return 0, 0, 0, err
		}
	}
	parent, err = strconv.Atoi(string(f[1]))
	return time.Duration(n[0]+n[1]) * tick, time.Duration(n[2]+n[3]) * tick, parent, err
}

// familyTime is what a postmaster and all of its children have used, those that have ended included.
func familyTime(postmaster int) (time.Duration, error) {
	own, collected, _, err := processTime(postmaster)
	if err != nil {
		return 0, err
	}
	sum := own + collected
	all, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return 0, err
	}
	for _, dir := range all {
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil {
			continue
		}
		own, collected, parent, err := processTime(pid)
		if err == nil && parent == postmaster { // one that has ended meanwhile is counted with its parent
			sum += own + collected
		}
	}
	return sum, nil
}

// machineTime is what all processors have done beside idling.
func machineTime() (time.Duration, error) {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, err
	}
	line, _, _ := strings.Cut(string(stat), "\n")
	var busy int64
	for i, s := range strings.Fields(line)[1:] {
		if i == 3 || i == 4 || i > 7 { // idle, waiting for a disk, guests (counted already)
			continue
		}
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return 0, err
		}
		busy += n
	}
	return time.Duration(busy) * tick, nil
}
