//go:build unix

package forensics

import "syscall"

// giveWay lowers the priority of a decoder below that of publishers: they must keep time, the decoder may be late.
func giveWay(pid int) { _ = syscall.Setpriority(syscall.PRIO_PROCESS, pid, 19) } // one that has ended needs none
