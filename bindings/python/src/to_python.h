/* SPDX-License-Identifier: Apache-2.0 */
/* Values as Python's objects, for both modules in C. `sheaf/_values.py` does the same through CFFI. */
#ifndef SHEAF_TO_PYTHON_H
#define SHEAF_TO_PYTHON_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <sheaf/abi.h>

/* What becomes of a value of a kind that is not known here, and of a list that is deeper than the core
 * would copy: None for who reads, a ValueError for who would act upon it. */
typedef enum to_python_unknown { UNKNOWN_IS_NONE, UNKNOWN_RAISES } to_python_unknown;

/* New; NULL with an exception. */
PyObject *to_python(const sheaf_value *value, to_python_unknown unknown);

/* A str of what should be UTF-8. New; NULL with an exception. */
PyObject *to_python_text(sheaf_str text);

#endif
