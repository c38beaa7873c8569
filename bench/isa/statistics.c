/*
 * What a Vulkan driver's compiler says of compute shaders: a line of JSON for each FILE.spv, with the driver's own statistics
 * (registers, spills, occupancy, …), and the machine code as text in FILE.isa beside it. RADV needs no card for this where
 * RADV_FORCE_FAMILY names one.
 *
 *     statistics ENTRY_POINT FILE.spv …
 *
 * Source: VK_KHR_pipeline_executable_properties in the Vulkan specification.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vulkan/vulkan.h>

#define MOST 64
#define BINDINGS 16

static void check(VkResult result, const char *what) {
  if (result == VK_SUCCESS) return;
  fprintf(stderr, "statistics: %s failed with VkResult %d\n", what, result);
  exit(1);
}

static VkPhysicalDevice first_device(void) {
  VkApplicationInfo application = {.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO, .apiVersion = VK_API_VERSION_1_3};
  VkInstanceCreateInfo wanted = {.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO, .pApplicationInfo = &application};
  VkInstance instance;
  check(vkCreateInstance(&wanted, NULL, &instance), "vkCreateInstance");
  VkPhysicalDevice device;
  uint32_t count = 1;
  VkResult found = vkEnumeratePhysicalDevices(instance, &count, &device);
  if (found != VK_INCOMPLETE) check(found, "vkEnumeratePhysicalDevices");
  if (count == 0) {
    fprintf(stderr, "statistics: the driver has no device\n");
    exit(1);
  }
  return device;
}

/* Every feature that the driver has: WGSL's 16-bit floats and memory model are among them. */
static VkDevice open_device(VkPhysicalDevice physical) {
  VkPhysicalDevicePipelineExecutablePropertiesFeaturesKHR executables = {
      .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PIPELINE_EXECUTABLE_PROPERTIES_FEATURES_KHR};
  VkPhysicalDeviceVulkan13Features features13 = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES,
                                                 .pNext = &executables};
  VkPhysicalDeviceVulkan12Features features12 = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES,
                                                 .pNext = &features13};
  VkPhysicalDeviceVulkan11Features features11 = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES,
                                                 .pNext = &features12};
  VkPhysicalDeviceFeatures2 features = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, .pNext = &features11};
  vkGetPhysicalDeviceFeatures2(physical, &features);
  const float priority = 1;
  VkDeviceQueueCreateInfo queue = {
      .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO, .queueCount = 1, .pQueuePriorities = &priority};
  const char *extension = VK_KHR_PIPELINE_EXECUTABLE_PROPERTIES_EXTENSION_NAME;
  VkDeviceCreateInfo wanted = {.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
                               .pNext = &features,
                               .queueCreateInfoCount = 1,
                               .pQueueCreateInfos = &queue,
                               .enabledExtensionCount = 1,
                               .ppEnabledExtensionNames = &extension};
  VkDevice device;
  check(vkCreateDevice(physical, &wanted, NULL, &device), "vkCreateDevice");
  return device;
}

/* Storage buffers at bindings 0 to 15 of group 0: what every kernel of ours has, and peers' too; uniforms read the same way. */
static VkPipelineLayout layout_of(VkDevice device) {
  VkDescriptorSetLayoutBinding bindings[BINDINGS];
  for (uint32_t index = 0; index < BINDINGS; index++) {
    bindings[index] = (VkDescriptorSetLayoutBinding){.binding = index,
                                                     .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
                                                     .descriptorCount = 1,
                                                     .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT};
  }
  VkDescriptorSetLayoutCreateInfo set = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
                                         .bindingCount = BINDINGS,
                                         .pBindings = bindings};
  VkDescriptorSetLayout set_layout;
  check(vkCreateDescriptorSetLayout(device, &set, NULL, &set_layout), "vkCreateDescriptorSetLayout");
  VkPushConstantRange constants = {.stageFlags = VK_SHADER_STAGE_COMPUTE_BIT, .size = 128};
  VkPipelineLayoutCreateInfo wanted = {.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
                                       .setLayoutCount = 1,
                                       .pSetLayouts = &set_layout,
                                       .pushConstantRangeCount = 1,
                                       .pPushConstantRanges = &constants};
  VkPipelineLayout layout;
  check(vkCreatePipelineLayout(device, &wanted, NULL, &layout), "vkCreatePipelineLayout");
  return layout;
}

static VkShaderModule read_module(VkDevice device, const char *path) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) {
    fprintf(stderr, "statistics: %s cannot be read\n", path);
    exit(1);
  }
  fseek(file, 0, SEEK_END);
  long size = ftell(file);
  rewind(file);
  uint32_t *words = malloc(size > 0 ? size : 1);
  if (fread(words, 1, size, file) != (size_t)size) {
    fprintf(stderr, "statistics: %s cannot be read to its end\n", path);
    exit(1);
  }
  fclose(file);
  VkShaderModuleCreateInfo wanted = {
      .sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO, .codeSize = size, .pCode = words};
  VkShaderModule module;
  check(vkCreateShaderModule(device, &wanted, NULL, &module), path);
  free(words);
  return module;
}

static void print_statistics(VkDevice device, const VkPipelineExecutableInfoKHR *executable, const char *path) {
  PFN_vkGetPipelineExecutableStatisticsKHR get =
      (PFN_vkGetPipelineExecutableStatisticsKHR)vkGetDeviceProcAddr(device, "vkGetPipelineExecutableStatisticsKHR");
  VkPipelineExecutableStatisticKHR list[MOST];
  for (int index = 0; index < MOST; index++) {
    list[index] = (VkPipelineExecutableStatisticKHR){.sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_STATISTIC_KHR};
  }
  uint32_t count = MOST;
  check(get(device, executable, &count, list), "vkGetPipelineExecutableStatisticsKHR");
  printf("{\"file\":\"%s\"", path);
  for (uint32_t index = 0; index < count; index++) {
    const VkPipelineExecutableStatisticKHR *one = &list[index];
    double value = one->format == VK_PIPELINE_EXECUTABLE_STATISTIC_FORMAT_FLOAT64_KHR ? one->value.f64
                                                                                      : (double)one->value.u64;
    printf(",\"%s\":%.0f", one->name, value);
  }
  printf("}\n");
  fflush(stdout);
}

/* The last of the driver's texts is the machine code. */
static void write_code(VkDevice device, const VkPipelineExecutableInfoKHR *executable, const char *path) {
  PFN_vkGetPipelineExecutableInternalRepresentationsKHR get =
      (PFN_vkGetPipelineExecutableInternalRepresentationsKHR)vkGetDeviceProcAddr(
          device, "vkGetPipelineExecutableInternalRepresentationsKHR");
  VkPipelineExecutableInternalRepresentationKHR texts[MOST];
  for (int index = 0; index < MOST; index++) {
    texts[index] = (VkPipelineExecutableInternalRepresentationKHR){
        .sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_INTERNAL_REPRESENTATION_KHR};
  }
  uint32_t count = MOST;
  check(get(device, executable, &count, texts), "vkGetPipelineExecutableInternalRepresentationsKHR");
  if (count == 0) return;
  for (uint32_t index = 0; index < count; index++) texts[index].pData = calloc(1, texts[index].dataSize + 1);
  check(get(device, executable, &count, texts), "vkGetPipelineExecutableInternalRepresentationsKHR");
  char name[4096];
  snprintf(name, sizeof name, "%.*s.isa", (int)(strlen(path) - strlen(".spv")), path);
  FILE *file = fopen(name, "wb");
  if (file == NULL) {
    fprintf(stderr, "statistics: %s cannot be written\n", name);
    exit(1);
  }
  fputs(texts[count - 1].pData, file);
  fclose(file);
  for (uint32_t index = 0; index < count; index++) free(texts[index].pData);
}

int main(int argc, char **argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: statistics ENTRY_POINT FILE.spv ...\n");
    return 2;
  }
  VkDevice device = open_device(first_device());
  VkPipelineLayout layout = layout_of(device);
  for (int index = 2; index < argc; index++) {
    VkPipelineShaderStageCreateInfo stage = {.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                                             .stage = VK_SHADER_STAGE_COMPUTE_BIT,
                                             .module = read_module(device, argv[index]),
                                             .pName = argv[1]};
    VkComputePipelineCreateInfo wanted = {.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
                                          .flags = VK_PIPELINE_CREATE_CAPTURE_STATISTICS_BIT_KHR |
                                                   VK_PIPELINE_CREATE_CAPTURE_INTERNAL_REPRESENTATIONS_BIT_KHR,
                                          .stage = stage,
                                          .layout = layout};
    VkPipeline pipeline;
    check(vkCreateComputePipelines(device, VK_NULL_HANDLE, 1, &wanted, NULL, &pipeline), argv[index]);
    VkPipelineExecutableInfoKHR executable = {.sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_INFO_KHR,
                                              .pipeline = pipeline};
    print_statistics(device, &executable, argv[index]);
    write_code(device, &executable, argv[index]);
  }
  return 0;
}
