// Package browser drives a real Chromium in tests, the way a person uses it: go to a page, fill in a field,
// click, read. Every browser has a profile of its own and ends with its test. What a page complains about
// while it is used (an error on the console, an exception, a breach of its content security policy, a
// resource that does not load) fails the test, because nobody reads consoles otherwise.
//
// Methods do not return errors; like the helpers of a test they end it, with the address and the text of the
// page at that moment. They are for the goroutine of the test.
package browser
