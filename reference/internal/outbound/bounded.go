package outbound

import (
	"errors"
	"fmt"
	"io"
	"net/http"
)

// ErrTooLong is returned for an answer that is longer than the limit.
var ErrTooLong = errors.New("the answer is too long")

// maxAnswer is the maximum size of an answer's body in bytes. The longest answer of a storage service, a list of 1000 parts, has 300 kB.
const maxAnswer = 1 << 20

// Bounded returns a transport whose answers fail beyond a size. Users choose who answers, and libraries read error answers whole.
func Bounded(base http.RoundTripper) http.RoundTripper { return bounded{base} }

type bounded struct{ base http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := b.base.RoundTrip(r)
	if err == nil {
		response.Body = &answer{ReadCloser: response.Body, left: maxAnswer}
	}
	return response, err
}

type answer struct {
	io.ReadCloser
	left int
}

func (a *answer) Read(p []byte) (int, error) {
	if len(p) > a.left+1 {
		p = p[:a.left+1]
	}
	n, err := a.ReadCloser.Read(p)
	if n > a.left {
		return a.left, fmt.Errorf("%w: it has more than %d bytes", ErrTooLong, maxAnswer)
	}
	a.left -= n
	return n, err
}
