package archive

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"reelcheck/reference/internal/layout"
)

// StartRequest is the body of a start call that has not been checked yet. A nil pointer means that the field was not given.
type StartRequest struct {
	SessionID             string
	Name                  string
	HasAudio, HasVideo    *bool
	HasTranscription      bool
	OutputMode            string
	StreamMode            string
	Resolution            string
	Layout                *layout.Layout // see [ParseLayout]
	MaxBitrate            *int
	QuantizationParameter *int
	MultiArchiveTag       string
}

// Request is a [StartRequest] that passed Validate.
type Request struct{ asked StartRequest }

// Asked returns the start request.
func (r Request) Asked() StartRequest { return r.asked }

// Validate returns r as a [Request], or an [*Error] for the first thing wrong with it. It reports invalid values before features that this
// server does not implement.
func (r StartRequest) Validate() (Request, error) {
	checks := []func() *Error{r.checkNames, r.checkModes, r.checkMedia, r.checkResolution, r.checkEncoder, r.checkLayout, r.checkBuilt}
	for _, check := range checks {
		if err := check(); err != nil {
			return Request{}, err
		}
	}
	return Request{asked: r}, nil
}

func (r StartRequest) checkNames() *Error {
	switch {
	case r.SessionID == "": // ARC-START-12
		return invalid("sessionId", "sessionId is required")
	case utf8.RuneCountInString(r.Name) > maxNameLength:
		return invalid("name", "name must have at most %d characters", maxNameLength)
	case !IsTag(r.MultiArchiveTag):
		return invalid("multiArchiveTag", "multiArchiveTag must have at most %d characters", maxTagLength)
	}
	return nil
}

// IsTag reports whether s is allowed as multiArchiveTag.
func IsTag(s string) bool { return utf8.ValidString(s) && utf8.RuneCountInString(s) <= maxTagLength }

func (r StartRequest) checkModes() *Error {
	if err := oneOf("outputMode", r.OutputMode, Composed, Individual); err != nil { // ARC-START-08
		return err
	}
	return oneOf("streamMode", r.StreamMode, Auto, Manual) // ARC-START-16
}

func (r StartRequest) checkMedia() *Error {
	audio, video := given(r.HasAudio, true), given(r.HasVideo, true)
	switch {
	case !audio && !video: // ARC-START-11
		return invalid("hasAudio", "hasAudio and hasVideo must not both be false")
	case r.HasTranscription && (r.OutputMode != Individual || !audio):
		return invalid("hasTranscription", "hasTranscription needs outputMode individual and hasAudio true")
	}
	return nil
}

func (r StartRequest) checkResolution() *Error {
	if r.Resolution == "" {
		return nil
	}
	if r.OutputMode == Individual { // ARC-RES-09, ARC-START-23
		return invalid("resolution", "resolution is only for outputMode composed")
	}
	return oneOf("resolution", r.Resolution, Resolutions...) // ARC-RES-07
}

func (r StartRequest) checkEncoder() *Error {
	bitrate, quantizer := r.MaxBitrate, r.QuantizationParameter
	switch {
	case bitrate != nil && r.OutputMode == Individual: // ARC-RATE-11, ARC-START-23
		return invalid("maxBitrate", "maxBitrate is only for outputMode composed")
	case quantizer != nil && r.OutputMode == Individual: // ARC-RATE-12, ARC-START-23
		return invalid("quantizationParameter", "quantizationParameter is only for outputMode composed")
	case bitrate != nil && (*bitrate < minBitrate || *bitrate > maxBitrate): // ARC-RATE-07
		return invalid("maxBitrate", "maxBitrate must be from %d to %d bits per second, got %d", minBitrate, maxBitrate, *bitrate)
	case quantizer != nil && (*quantizer < minQuantizer || *quantizer > maxQuantizer): // ARC-RATE-04
		return invalid("quantizationParameter", "quantizationParameter must be from %d to %d, got %d", minQuantizer, maxQuantizer, *quantizer)
	case bitrate != nil && quantizer != nil: // ARC-RATE-10
		return invalid("maxBitrate", "maxBitrate and quantizationParameter must not both be set")
	}
	return nil
}

func (r StartRequest) checkLayout() *Error {
	if r.Layout != nil && r.OutputMode == Individual { // ARC-LAY-15, ARC-START-23
		return invalid("layout", "layout is only for outputMode composed")
	}
	return nil
}

// ParseLayout checks a layout. prefix is the path of its members in the request, for the error, which is an [*Error].
func ParseLayout(prefix string, s layout.Spec) (layout.Layout, error) {
	l, err := layout.New(s) // ARC-LAY-06, ARC-LAY-14
	var bad *layout.Error
	if errors.As(err, &bad) {
		return l, invalid(prefix+bad.Member, "%s%s %s", prefix, bad.Member, bad.Problem)
	}
	return l, err
}

// checkBuilt refuses features that are valid but not implemented.
func (r StartRequest) checkBuilt() *Error {
	if r.HasTranscription {
		return unimplemented("hasTranscription", "hasTranscription is not implemented yet")
	}
	return nil
}

func oneOf(field, value string, allowed ...string) *Error {
	if value == "" || slices.Contains(allowed, value) {
		return nil
	}
	return invalid(field, "%s must be one of %s, got %q", field, strings.Join(allowed, ", "), value)
}

func given[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}
