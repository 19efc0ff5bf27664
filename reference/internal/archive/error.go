package archive

import "fmt"

// Kind classifies an [Error]; the API maps each kind to one HTTP status.
type Kind string

const (
	Invalid              Kind = "invalid"               // 400
	Forbidden            Kind = "forbidden"             // 403
	NotFound             Kind = "not found"             // 404
	Timeout              Kind = "timeout"               // 408
	Conflict             Kind = "conflict"              // 409
	PreconditionFailed   Kind = "precondition failed"   // 412
	TooLarge             Kind = "too large"             // 413
	Unsupported          Kind = "unsupported"           // 415
	Misdirected          Kind = "misdirected"           // 421
	Unprocessable        Kind = "unprocessable"         // 422
	UpgradeRequired      Kind = "upgrade required"      // 426
	PreconditionRequired Kind = "precondition required" // 428
	Internal             Kind = "internal"              // 500
	Unimplemented        Kind = "unimplemented"         // 501
	Unavailable          Kind = "unavailable"           // 503
)

// Codes of conflicts in the answers of the REST API.
const (
	CodeAlreadyRecording = 15001 // ARC-START-14
	CodeCannotStop       = 15002 // ARC-STOP-06
	CodeCannotDelete     = 15004 // ARC-DEL-10
	CodeNotRouted        = 15008 // ARC-START-01
	CodeMovedRecently    = 15215
)

// Error is a refusal by the domain, with a message for the caller. The API answers any other error as an internal error.
type Error struct {
	Kind    Kind
	Code    int    // code in the answer; 0 = the HTTP status
	Field   string // the field of the request that is wrong; "" = none
	Message string // for the caller: names the field and the allowed values
}

func (e *Error) Error() string { return e.Message }

func invalid(field, format string, args ...any) *Error {
	return &Error{Kind: Invalid, Field: field, Message: fmt.Sprintf(format, args...)}
}

func unimplemented(field, format string, args ...any) *Error {
	return &Error{Kind: Unimplemented, Field: field, Message: fmt.Sprintf(format, args...)}
}

func notFound(format string, args ...any) *Error {
	return &Error{Kind: NotFound, Message: fmt.Sprintf(format, args...)}
}

func conflict(code int, format string, args ...any) *Error {
	return &Error{Kind: Conflict, Code: code, Message: fmt.Sprintf(format, args...)}
}
