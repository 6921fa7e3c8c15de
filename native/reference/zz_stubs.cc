// TEMPORARY: weak stand-ins
#include "kernels/table.h"
namespace simdnn::SIMDNN_ISA {
#define KERNEL(name, parameters) __attribute__((weak)) void name(Run& run parameters) { (void)run; }
#define OUT(T, name, length) , T* 
#define INOUT(T, name, length) , T* 
#define IN(T, name, length) , const T* 
#define OPT_OUT(T, name, length) , T* 
#define OPT_INOUT(T, name, length) , T* 
#define OPT_IN(T, name, length) , const T* 
#define OUT_ANY(name, length) , uint32_t* 
#define IN_ANY(name, length) , const uint32_t* 
#define SIZE(name) , size_t 
#define INT(name) , int32_t 
#define REAL(name) , double 
#define COUNTER(name) , uint64_t 
#define LAYOUT(name) , const Layout& 
#include "kernels/kernels.def"
}
