package launch

import "syscall"

// endWithParent lets the kernel end the child when the thread that started it ends, so that no target outlives a suite that was
// killed. See PR_SET_PDEATHSIG in prctl(2).
func endWithParent(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGTERM }
