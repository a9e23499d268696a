// Package claims owns claim templates: what administrators put into tokens beside the claims that curfew sets itself.
//
// A template is a JSON object. Its strings may hold shortcodes, {{user.public_metadata.plan || 'free'}}: names that go down
// by dots, and what is taken instead where there is nothing. A string that is one shortcode keeps the JSON type of its value;
// text around shortcodes makes a string. A template is compiled once (Parse), bound once to each version of a user
// (Template.Bind), and a token then costs a few copies (Bound.Append).
//
// No template can set a registered claim, and none can make a token too large: every shortcode has a bound in bytes, a
// value beyond it counts as missing, and Parse refuses a template whose bounds together pass the limit.
package claims
