package capture

import "hash/crc32"

// checksum computes the CRC-32 of what is written to it, as ZIP uses it.
type checksum struct{ value uint32 }

func (c *checksum) Write(p []byte) (int, error) {
	c.value = crc32.Update(c.value, crc32.IEEETable, p)
	return len(p), nil
}

// concat returns the CRC-32 of the concatenation of two texts. first and second are their CRCs and length is the length of the second in bytes.
// A CRC is the remainder of a division of polynomials over GF(2), so n more zero bits multiply it by x^n.
func concat(first, second uint32, length int64) uint32 {
	power := uint32(1 << 30) // x: bit 31 is the coefficient of x^0
	shifted := first         // first * x^(8*length)
	for n := uint64(length) * 8; n > 0; n >>= 1 {
		if n&1 != 0 {
			shifted = multiply(shifted, power)
		}
		power = multiply(power, power)
	}
	return shifted ^ second
}

// multiply returns a*b modulo the polynomial of CRC-32, all with reversed bits.
func multiply(a, b uint32) uint32 {
	product := uint32(0)
	for bit := uint32(1 << 31); bit != 0; bit >>= 1 {
		if a&bit != 0 {
			product ^= b
		}
		carry := b & 1
		b >>= 1
		if carry != 0 {
			b ^= crc32.IEEE
		}
	}
	return product
}
