// Posts the response to the client. Without scripts there is the button.

document.querySelector("form[data-submit]")?.submit();
