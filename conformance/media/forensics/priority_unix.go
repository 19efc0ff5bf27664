//go:build unix

package forensics

import "syscall"

// behind is the nice value of decoders. Beside a busy process a decoder has a tenth of a processor; at 19 it would have 1.5 %.
const behind = 10

// giveWay lowers the priority of a decoder below that of publishers: they must keep time, the decoder may be late.
func giveWay(pid int) { _ = syscall.Setpriority(syscall.PRIO_PROCESS, pid, behind) } // one that has ended needs none
