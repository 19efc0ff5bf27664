package evidence

// Identity is the kind of credentials that a request carries.
type Identity string

const (
	AsUnified  Identity = "unified"  // RS256 JWT of the application
	AsLegacy   Identity = "legacy"   // X-OPENTOK-AUTH
	AsControl  Identity = "control"  // bearer of the control API
	AsClient   Identity = "client"   // a client token
	AsNobody   Identity = "none"     // no credentials
	AsVerbatim Identity = "verbatim" // the header given by the caller
)

// Flaw names what is deliberately wrong with a token.
type Flaw string

const (
	NoFlaw         Flaw = ""
	WrongSignature Flaw = "wrong-signature" // signed by another key
	ExpiredToken   Flaw = "expired"
	TooLongLived   Flaw = "too-long-lived"
	IssuedEarly    Flaw = "issued-early"  // lives too long, and most of its life has passed
	NotYetValid    Flaw = "not-yet-valid" // issued in the future
	NoExpiry       Flaw = "no-expiry"
	ForeignToken   Flaw = "foreign-application" // valid, but of another application than the path names
	UnknownIssuer  Flaw = "unknown-issuer"
	WrongAlgorithm Flaw = "wrong-algorithm" // HS256 with a public value as the key
	Unsigned       Flaw = "unsigned"        // alg none
	GarbageToken   Flaw = "garbage"
	WrongType      Flaw = "wrong-type" // legacy: ist other than project
)
