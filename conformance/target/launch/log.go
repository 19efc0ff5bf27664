package launch

import (
	"os"
	"sync"
)

// maxLog is how many bytes of a launched target's output are kept.
const maxLog = 256 << 20

// boundedLog is a file that takes a limited number of bytes and ignores the rest. It is safe for concurrent use.
type boundedLog struct {
	mu   sync.Mutex
	f    *os.File
	left int
}

func createLog(name string) (*boundedLog, error) {
	f, err := os.Create(name)
	return &boundedLog{f: f, left: maxLog}, err
}

func (l *boundedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	keep := p[:min(len(p), l.left)]
	l.left -= len(keep)
	if _, err := l.f.Write(keep); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (l *boundedLog) Close() error { return l.f.Close() }
