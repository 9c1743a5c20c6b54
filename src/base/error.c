/* Names and texts of the error numbers, from the one list in the public header. */
#include <berth/error.h>

const char *berth_error_name(int error)
{
	if (error >= 0)
		return "OK";
	switch (error) {
#define X(name, number, text)                                                                                          \
	case -(number):                                                                                                \
		return #name;
		BERTH_ERROR_MAP(X)
#undef X
	}
	return "EUNKNOWN";
}

const char *berth_error_text(int error)
{
	if (error >= 0)
		return "success";
	switch (error) {
#define X(name, number, text)                                                                                          \
	case -(number):                                                                                                \
		return text;
		BERTH_ERROR_MAP(X)
#undef X
	}
	return "unknown error";
}
